"""What will a campaign bring, how many customers must it leave out to be judged, who are they, and did it work?

`expect` and `sizes` reckon before it, `assign` draws the control group, `outcome` judges by the sales that came after it. Grain: campaign; one
group of customers, each assigned to treatment or control once and for all.
"""
