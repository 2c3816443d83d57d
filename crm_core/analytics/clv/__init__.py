"""What customers will be worth: models of purchases and spend, which of them to believe, and the forecast.

units        one time unit, and months converted into it
customers    frequency, recency, T and monetary value per customer, and how many customers share them (in the engine)
models       BG/NBD, MBG/NBD, Pareto/NBD, NBD by the names that data scientists know; `processes`, `quadrature`, `maximum` are their maths
spend        the Gamma-Gamma model of the value of a purchase
checked      the same models fitted by the library lifetimes
scoring      one row a customer: P(alive), purchases and value expected, with its interval (`spread`)
totals       value of all customers or of a group, with its interval
holdout      fit before, predict after: which model can be believed
forecast     all of it put together: the model that was chosen, and why
"""
