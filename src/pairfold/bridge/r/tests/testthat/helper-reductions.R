# What each reduction is in base R, for the vector v of the values of all j, their weights w, and K.
log_sum_exp <- function(v) log(sum(exp(v)))
smallest <- function(v, K) order(v)[seq_len(K)]
scatter <- function(v) mean((v - mean(v))^2)
zeros <- function(v) c(prod(v[v != 0]), sum(v == 0), 0, 0, 0)

reduction_references <- list(
  LogSumExp = function(v, w, K) log_sum_exp(v),
  LogSumExpWeight = function(v, w, K) log(sum(exp(v) * w)),
  SumSoftMaxWeight = function(v, w, K) sum(exp(v) * w) / sum(exp(v)),
  SumSoftMaxWeight_LogSumExp = function(v, w, K) c(sum(exp(v) * w) / sum(exp(v)), log_sum_exp(v)),
  Max_SumShiftExp = function(v, w, K) c(max(v), sum(exp(v - max(v)))),
  Max_SumShiftExpWeight = function(v, w, K) c(max(v), sum(exp(v - max(v)) * w)),
  Max_SumShiftExp_ArgMax = function(v, w, K) c(max(v), sum(exp(v - max(v))), which.max(v)),
  Max_SumShiftExpWeight_ArgMax = function(v, w, K) c(max(v), sum(exp(v - max(v)) * w), which.max(v)),
  Min = function(v, w, K) min(v),
  ArgMin = function(v, w, K) which.min(v),
  Min_ArgMin = function(v, w, K) c(min(v), which.min(v)),
  Max = function(v, w, K) max(v),
  ArgMax = function(v, w, K) which.max(v),
  Max_ArgMax = function(v, w, K) c(max(v), which.max(v)),
  KMin = function(v, w, K) v[smallest(v, K)],
  ArgKMin = function(v, w, K) smallest(v, K),
  KMin_ArgKMin = function(v, w, K) c(v[smallest(v, K)], smallest(v, K)),
  Prod = function(v, w, K) prod(v),
  Prod_Zeros = function(v, w, K) zeros(v),
  Any = function(v, w, K) as.numeric(any(v != 0)),
  All = function(v, w, K) as.numeric(all(v != 0)),
  Sum = function(v, w, K) sum(v),
  Mean = function(v, w, K) mean(v),
  Mean_Count = function(v, w, K) c(mean(v), length(v)),
  Var = function(v, w, K) scatter(v),
  Mean_Var_Count = function(v, w, K) c(mean(v), scatter(v), length(v))
)
