"""Which groups do customers form by how they behave, without rules given beforehand?

Grain: customer with at least one purchase before as_of. k-means (scikit-learn) on features that are put on a log scale, ln(1 + x), and
standardised; the number of clusters is suggested by the silhouette (Rousseeuw 1987). The model is fitted on a sample drawn by a digest
of the seed and the customer id, so that the order of rows changes nothing, and every customer is assigned in the engine by distance to a few centres.
Clusters are numbered from 1, by the average net sales of their customers in the sample, best first. As with scores, they rest on all
customers; `shown` (one column, customer_id) only chooses who is counted in a result.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from crm_core.analytics import cluster_words, rfm
from crm_core.analytics.cluster_features import DEFAULT_FEATURES, FEATURES, features
from crm_core.analytics.scores import RfmSettings
from crm_core.analytics.segment_words import count as count_in_words
from crm_core.errors import AnalysisError
from crm_core.workspace import Workspace

COUNTS_TRIED = range(2, 9)
COUNT_MOST = 12
CUSTOMERS_LEAST = 10
SAMPLE_CUSTOMERS = 20_000  # for the fit
SILHOUETTE_CUSTOMERS = 2_500  # silhouettes compare all pairs
SCATTER_CUSTOMERS = 2_000
STARTS = 5  # k-means ends in the best of so many starts


@dataclass(frozen=True)
class ClusterSettings:
    """How to group: how many clusters (None: as the silhouette suggests), by which features, and the seed.

    Raises AnalysisError for fewer than two features, an unknown one, or a count outside 2 to COUNT_MOST.
    """

    count: int | None = None
    seed: int = 0
    features: tuple[str, ...] = DEFAULT_FEATURES

    def __post_init__(self) -> None:
        unknown = [name for name in self.features if name not in FEATURES]
        if unknown or len(set(self.features)) < 2:
            message = f"Not known: {', '.join(unknown)}." if unknown else ""
            raise AnalysisError("Clusters need two features or more", message, f"Choose from {', '.join(FEATURES)}.")
        if self.count is not None and not 2 <= self.count <= COUNT_MOST:
            message = f"{self.count} clusters were asked for."
            raise AnalysisError("That number of clusters is not possible", message, f"Choose 2 to {COUNT_MOST}.")


@dataclass(frozen=True)
class Clusters:
    """The clusters at as_of.

    `silhouettes`: count, silhouette (-1 to 1, the higher the clearer) for each count tried; `suggested` is the best of them.
    `profile`: one row a cluster with cluster, name, customers, customer_share, net_sales, sales_share, average_sales, and the median of
    each feature under the feature's name.
    `words`: the clusters in a phrase. `scatter`: up to 2,000 customers with customer_id, x, y, cluster and the features; x and y are
    the first two principal components of the features, named in `axes`. `sample_customers`: how many the fit rests on.
    """

    count: int
    suggested: int
    silhouettes: pd.DataFrame
    profile: pd.DataFrame
    words: dict[int, str]
    sample_customers: int
    scatter: pd.DataFrame
    axes: tuple[str, str]


@dataclass(frozen=True)
class Model:
    """Centres (clusters × features) on the standardised log scale, with the means and deviations that lead there.

    `components` (2 × features) are the principal directions of the sample and `explained` their shares of the variance.
    """

    features: tuple[str, ...]
    means: tuple[float, ...]
    deviations: tuple[float, ...]
    centres: tuple[tuple[float, ...], ...]
    components: tuple[tuple[float, ...], ...]
    explained: tuple[float, ...]
    sample_customers: int


def cluster(ws: Workspace, as_of: date, settings: ClusterSettings = ClusterSettings(), shown: ir.Table | None = None) -> Clusters:
    """Groups the customers and describes the groups. Raises AnalysisError where there are too few (different) customers."""
    model = _model(ws, as_of, settings)
    names = cluster_words.names(model.centres, model.features)
    everybody = _assigned(ws, as_of, settings)
    of_all = _profile(ws.execute(_counted(everybody, model.features)), names)
    chosen = everybody if shown is None else everybody.semi_join(shown, "customer_id")
    silhouettes = _silhouettes(ws, as_of, settings)
    return Clusters(
        count=len(model.centres),
        suggested=_suggested(silhouettes),
        silhouettes=pd.DataFrame(silhouettes, columns=["count", "silhouette"]),
        profile=of_all if shown is None else _profile(ws.execute(_counted(chosen, model.features)), names),
        words=_words(of_all),
        sample_customers=model.sample_customers,
        scatter=_scatter(ws.execute(_sampled(chosen, SCATTER_CUSTOMERS, settings.seed)), model),
        axes=(_axis(model, 0), _axis(model, 1)),
    )


def customers(ws: Workspace, as_of: date, settings: ClusterSettings = ClusterSettings()) -> ir.Table:
    """Grain: customer with a purchase before as_of. Columns: customer_id, cluster (1 to count)."""
    return _assigned(ws, as_of, settings).select("customer_id", "cluster")


def cross_table(
    ws: Workspace,
    as_of: date,
    settings: ClusterSettings = ClusterSettings(),
    rfm_settings: RfmSettings = RfmSettings(),
    shown: ir.Table | None = None,
) -> pd.DataFrame:
    """Clusters against RFM segments, all pairs. Columns: cluster, segment (in the order of the segment table), customers, net_sales."""
    joined = rfm.customers_shown(ws, as_of, rfm_settings, shown).inner_join(customers(ws, as_of, settings), "customer_id")
    counted = joined.group_by("cluster", "segment").aggregate(customers=joined.count(), net_sales=joined.net_sales.sum().cast("float64"))
    clusters = range(1, len(_model(ws, as_of, settings).centres) + 1)
    pairs = pd.DataFrame([(one, name) for one in clusters for name in rfm_settings.segments.names], columns=["cluster", "segment"])
    result = pairs.merge(ws.execute(counted), on=["cluster", "segment"], how="left")
    return result.fillna({"customers": 0, "net_sales": 0.0}).astype({"customers": "int64"})


def _features(ws: Workspace, as_of: date, settings: ClusterSettings) -> ir.Table:
    return ws.keep(f"cluster features {as_of} {settings.features}", lambda: features(ws, as_of, settings.features))


def _sampled(customers: ir.Table, count: int, seed: int) -> ir.Table:
    """That many customers, by seed, the same ones whatever the order of rows: those with the lowest digest of seed and id."""
    digest = (ibis.literal(f"{seed} ") + customers.customer_id).hexdigest("md5")
    return customers.mutate(digest=digest).order_by("digest", "customer_id").limit(count).drop("digest")


def _sample(ws: Workspace, as_of: date, settings: ClusterSettings) -> pd.DataFrame:
    """The sample to fit on, in the order of the digest. Raises AnalysisError where there are too few customers to group."""
    sample = ws.execute(_sampled(_features(ws, as_of, settings), SAMPLE_CUSTOMERS, settings.seed))
    different = len(sample[list(settings.features)].drop_duplicates())
    needed = max(settings.count or 0, 3)
    if len(sample) < CUSTOMERS_LEAST or different < needed:
        raise AnalysisError(
            "Too few customers to form clusters",
            f"The data has {count_in_words(len(sample), 'customer')} with a purchase, and {count_in_words(different, 'kind')} of behaviour; "
            f"at least {CUSTOMERS_LEAST} customers and {needed} kinds are needed.",
            "Choose a later day, fewer clusters or more features, or use the segments, which work with any number of customers.",
        )
    return sample


def _scale(sample: pd.DataFrame, names: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(standardised log features, means, deviations); a feature that is the same for everybody stays 0."""
    logs = np.log1p(sample[list(names)].to_numpy(dtype=float))
    means, deviations = logs.mean(axis=0), logs.std(axis=0)
    deviations = np.where(deviations > 1e-12, deviations, 1.0)
    return (logs - means) / deviations, means, deviations


def _fit(points: np.ndarray, count: int, seed: int) -> Any:
    """The fitted KMeans. On one thread: sums then come in one order, and threads that wait for each other on a busy machine cost most."""
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):
        return KMeans(n_clusters=count, n_init=STARTS, random_state=seed).fit(points)


Silhouettes = tuple[tuple[int, float], ...]  # (count, silhouette)


def _silhouettes(ws: Workspace, as_of: date, settings: ClusterSettings) -> Silhouettes:
    """Of each count tried that the sample allows; none where those compared are too much alike."""
    key = f"silhouettes {as_of} {settings.features} {settings.seed}"
    return ws.remember(key, lambda: _find_silhouettes(_sample(ws, as_of, settings), settings))


def _find_silhouettes(sample: pd.DataFrame, settings: ClusterSettings) -> Silhouettes:
    from sklearn.metrics import silhouette_score

    points, _, _ = _scale(sample.head(SILHOUETTE_CUSTOMERS), settings.features)
    different = len(np.unique(points, axis=0))
    labels = {count: _fit(points, count, settings.seed).labels_ for count in COUNTS_TRIED if count < different}
    return tuple((count, round(float(silhouette_score(points, label)), 6)) for count, label in labels.items())


def _suggested(silhouettes: Silhouettes) -> int:
    """The clearest grouping; of equally clear ones, and where there are none to compare, the coarsest."""
    return max(silhouettes, key=lambda one: (one[1], -one[0]), default=(COUNTS_TRIED[0], 0.0))[0]


def _model(ws: Workspace, as_of: date, settings: ClusterSettings) -> Model:
    count = settings.count or _suggested(_silhouettes(ws, as_of, settings))
    key = f"clusters {as_of} {settings.features} {settings.seed} {count}"
    return ws.remember(key, lambda: _find_model(_sample(ws, as_of, settings), settings, count))


def _find_model(sample: pd.DataFrame, settings: ClusterSettings, count: int) -> Model:
    from sklearn.decomposition import PCA

    points, means, deviations = _scale(sample, settings.features)
    fitted = _fit(points, count, settings.seed)
    average_sales = sample["net_sales"].astype(float).groupby(fitted.labels_).mean()
    best_first = average_sales.sort_values(ascending=False, kind="stable").index.to_numpy()
    principal = PCA(n_components=2, svd_solver="full").fit(points)
    return Model(
        features=settings.features,
        means=tuple(means.tolist()),
        deviations=tuple(deviations.tolist()),
        centres=_rounded(fitted.cluster_centers_[best_first]),
        components=_rounded(principal.components_),
        explained=tuple(principal.explained_variance_ratio_.tolist()),
        sample_customers=len(sample),
    )


def _rounded(numbers: np.ndarray) -> tuple[tuple[float, ...], ...]:
    """To nine digits: the last ones differ between machines."""
    return tuple(tuple(row) for row in np.round(numbers, 9).tolist())


def _assigned(ws: Workspace, as_of: date, settings: ClusterSettings) -> ir.Table:
    """Columns: those of the features and cluster, of all customers."""
    model = _model(ws, as_of, settings)
    key = f"clustered {as_of} {settings.features} {settings.seed} {len(model.centres)}"
    return ws.keep(key, lambda: _nearest(_features(ws, as_of, settings), model))


def _nearest(customers: ir.Table, model: Model) -> ir.Table:
    """Each customer with the number of the centre nearest to it; of equally near ones the first."""
    placed = customers.mutate(**{f"z{place}": value for place, value in enumerate(_standardised(customers, model))})
    distances = {
        f"distance_{number}": sum((placed[f"z{place}"] - value) ** 2 for place, value in enumerate(centre))
        for number, centre in enumerate(model.centres, 1)
    }
    measured = placed.mutate(**distances)
    shortest = measured.mutate(shortest=ibis.least(*(measured[name] for name in distances)))
    branches = [(shortest[f"distance_{number}"] == shortest.shortest, number) for number in range(1, len(model.centres) + 1)]
    return shortest.select(*customers.columns, cluster=ibis.cases(*branches).cast("int64"))


def _standardised(customers: ir.Table, model: Model) -> list[ir.FloatingValue]:
    scales = zip(model.features, model.means, model.deviations, strict=True)
    return [((customers[name] + 1.0).ln() - mean) / deviation for name, mean, deviation in scales]


def _counted(assigned: ir.Table, names: tuple[str, ...]) -> ir.Table:
    """One row a cluster: customers, net_sales, and the median of each feature."""
    medians = {name: assigned[name].median() for name in names}
    return assigned.group_by("cluster").aggregate(customers=assigned.count(), net_sales=assigned.net_sales.sum().cast("float64"), **medians)


def _profile(counted: pd.DataFrame, names: tuple[str, ...]) -> pd.DataFrame:
    """All clusters with their shares of those counted; shares of sales are missing where sales are zero or less."""
    profile = counted.set_index("cluster").reindex(range(1, len(names) + 1)).rename_axis("cluster").reset_index()
    profile = profile.fillna({"customers": 0, "net_sales": 0.0}).astype({"customers": "int64"})
    total = profile["net_sales"].sum()
    profile.insert(1, "name", list(names))
    profile.insert(3, "customer_share", profile["customers"] / max(profile["customers"].sum(), 1))
    profile.insert(5, "sales_share", profile["net_sales"] / total if total > 0 else float("nan"))
    profile.insert(6, "average_sales", profile["net_sales"] / profile["customers"].where(profile["customers"] > 0))
    return profile


def _words(profile: pd.DataFrame) -> dict[int, str]:
    """The clusters in a phrase, with their average net sales against everybody's."""
    everybody = profile["net_sales"].sum() / profile["customers"].sum()
    ratios = profile["average_sales"] / everybody if everybody > 0 else [None] * len(profile)
    rows = zip(profile["cluster"], profile["name"], ratios, strict=True)
    return {number: cluster_words.with_sales(name, ratio) for number, name, ratio in rows}


def _scatter(sample: pd.DataFrame, model: Model) -> pd.DataFrame:
    logs = np.log1p(sample[list(model.features)].to_numpy(dtype=float))
    standardised = (logs - np.array(model.means)) / np.array(model.deviations)
    x, y = (standardised @ np.array(component) for component in model.components)
    return sample.drop(columns="net_sales").assign(x=x, y=y)


def _axis(model: Model, place: int) -> str:
    """What a principal component mostly is: its share of the variance and its two strongest features with their direction."""
    component = model.components[place]
    strongest = sorted(range(len(component)), key=lambda one: -abs(component[one]))[:2]
    parts = [f"{FEATURES[model.features[one]].label.lower()} {'↑' if component[one] > 0 else '↓'}" for one in strongest]
    return f"{' and '.join(parts)} ({model.explained[place]:.0%} of the differences)"
