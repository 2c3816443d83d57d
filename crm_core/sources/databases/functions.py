"""Functions that a SELECT may call: harmless ones by name, for what sqlglot does not know as functions of its own.

A function is harmless when it only computes from its arguments: it reads no file, waits for nothing, sets nothing, runs no
statement given as text, reaches no other server and tells nothing of the server or other sessions. Aggregates and set-returning ones count.
"""

from __future__ import annotations

#: What sqlglot knows by name and is not harmless, or not for certain: files, services, models, sequences, dynamic names.
#: Names of sqlglot's classes; what a later version adds is caught by the test that counts them.
DANGEROUS_CLASSES = frozenset(
    """AIAgg AIClassify AIEmbed AIForecast AIGenerate AISimilarity AISummarizeAgg MLForecast MLTranslate Predict FeaturesAtTime GenerateBool
    GenerateDouble GenerateEmbedding GenerateInt GenerateTable GenerateText VectorSearch ReadCSV ReadParquet ToFile Secret NextValueFor
    DynamicIdentifier XMLTable XMLGet Apply Func SafeFunc NetFunc Anonymous AnonymousAggFunc CombinedAggFunc ParameterizedAgg
    CombinedParameterizedAgg Columns Search SearchIp Generator CurrentStatement CurrentSession CurrentClient CurrentIpAddress
    CurrentTransaction Decrypt DecryptRaw Encrypt EncryptRaw ConnectByRoot OpenJSON""".split()
)

_COMMON = """abs acos asin atan atan2 avg ceil ceiling char_length character_length coalesce concat cos cot count degrees exp floor greatest
    instr least left length ln log log10 log2 lower lpad ltrim max min mod nullif pi pow power radians rank replace reverse right
    round row_number rpad rtrim sign sin sqrt substr substring sum tan trim trunc upper"""

#: Dialect of sqlglot -> names of harmless functions.
HARMLESS: dict[str, frozenset[str]] = {
    "postgres": frozenset(
        f"""{_COMMON} age array_agg array_append array_cat array_dims array_fill array_length array_lower array_ndims array_position
        array_positions array_prepend array_remove array_replace array_to_json array_to_string array_upper ascii bit_and bit_length bit_or
        bool_and bool_or btrim cardinality cbrt chr clock_timestamp concat_ws convert_from convert_to date_bin date_part date_trunc
        daterange decode div encode every extract factorial format gcd initcap int4range int8range isempty isfinite
        json_agg json_array_elements json_array_elements_text json_array_length json_build_array json_build_object json_each
        json_each_text json_extract_path json_extract_path_text json_object json_object_agg json_object_keys json_strip_nulls json_typeof
        jsonb_agg jsonb_array_elements jsonb_array_elements_text jsonb_array_length jsonb_build_array jsonb_build_object jsonb_each
        jsonb_each_text jsonb_extract_path jsonb_extract_path_text jsonb_object jsonb_object_agg jsonb_object_keys jsonb_path_exists
        jsonb_path_match jsonb_path_query jsonb_path_query_array jsonb_path_query_first jsonb_pretty jsonb_set jsonb_strip_nulls
        jsonb_typeof justify_days justify_hours justify_interval lcm lower_inc lower_inf make_date make_interval make_time make_timestamp
        make_timestamptz md5 min_scale multirange normalize now num_nonnulls num_nulls numrange octet_length overlay parse_ident
        percentile_cont percentile_disc position quote_ident quote_literal quote_nullable random range_agg range_merge regexp_count
        regexp_instr regexp_like regexp_match regexp_matches regexp_replace regexp_split_to_array regexp_split_to_table regexp_substr
        row row_to_json scale sha224 sha256 sha384 sha512 similarity split_part statement_timestamp starts_with string_agg string_to_array
        string_to_table strpos timeofday timezone to_char to_date to_hex to_json to_jsonb to_number to_timestamp
        transaction_timestamp translate trim_array trim_scale tsrange tstzrange unaccent unistr unnest upper_inc upper_inf width_bucket
        word_similarity generate_series generate_subscripts gen_random_uuid mode stddev stddev_pop stddev_samp var_pop var_samp variance
        corr covar_pop covar_samp cume_dist dense_rank first_value lag last_value lead nth_value ntile percent_rank
        st_x st_y st_astext st_asgeojson st_area st_distance st_srid""".split()
    ),
    "mysql": frozenset(
        f"""{_COMMON} adddate addtime ascii bin bit_and bit_count bit_length bit_or bit_xor char concat_ws conv convert_tz crc32 curdate
        curtime date date_add date_format date_sub datediff day dayname dayofmonth dayofweek dayofyear elt export_set field find_in_set
        format from_base64 from_days from_unixtime get_format group_concat hex hour if ifnull inet6_aton inet6_ntoa inet_aton inet_ntoa
        insert interval isnull json_array json_array_append json_arrayagg json_compact json_contains json_contains_path json_depth
        json_detailed json_exists json_extract json_keys json_length json_loose json_merge json_merge_patch json_merge_preserve
        json_normalize json_object json_objectagg json_overlaps json_pretty json_query json_quote json_search json_type json_unquote
        json_valid json_value last_day lcase locate localtime localtimestamp make_set makedate maketime md5 microsecond mid minute month
        monthname natural_sort_key now nvl nvl2 oct octet_length ord period_add period_diff position quarter quote rand regexp_instr
        regexp_like regexp_replace regexp_substr repeat sec_to_time second sha sha1 sha2 soundex space st_astext st_x st_y std stddev
        stddev_pop stddev_samp str_to_date strcmp subdate substring_index subtime sysdate time time_format time_to_sec timediff timestamp
        timestampadd timestampdiff to_base64 to_char to_days to_seconds truncate ucase unhex unix_timestamp utc_date utc_time
        utc_timestamp uuid var_pop var_samp variance week weekday weekofyear year yearweek bin_to_uuid uuid_to_bin is_uuid
        cume_dist dense_rank first_value lag last_value lead nth_value ntile percent_rank median percentile_cont percentile_disc
        any_value""".split()
    ),
    "sqlite": frozenset(
        f"""{_COMMON} acosh asinh atanh char concat_ws cosh cume_dist date datetime dense_rank first_value format glob group_concat
        hex ifnull iif json json_array json_array_length json_each json_extract json_group_array json_group_object json_insert
        json_object json_patch json_pretty json_quote json_remove json_replace json_set json_tree json_type json_valid julianday lag
        last_value lead like likelihood likely nth_value ntile octet_length percent_rank printf quote random regexp sinh soundex
        strftime string_agg tanh time timediff total typeof unhex unicode unixepoch unlikely""".split()
    ),
}
#: For other dialects: what is the same everywhere. An administrator adds what else is needed.
HARMLESS_ELSEWHERE = frozenset(_COMMON.split())
