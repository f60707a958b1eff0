library(testthat)
library(pairfold)

test_check("pairfold")
