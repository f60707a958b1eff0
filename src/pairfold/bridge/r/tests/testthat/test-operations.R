set.seed(1)
x <- matrix(runif(12, 0.1, 0.9), 4, 3)
y <- matrix(runif(15, 0.1, 0.9), 5, 3)

test_that("every operation of the table has a reference", {
  expect_setequal(names(references), names(pairfold:::.registry_operations))
  expect_setequal(names(further_references), names(pairfold:::.registry_further_operations))
})

# The values for all pairs, where the tensor repeats what does not depend on i or j.
repeated <- function(tensor, rows, columns) {
  found <- as.array(tensor)
  found[rep_len(seq_len(dim(found)[1]), rows), rep_len(seq_len(dim(found)[2]), columns), , drop = FALSE]
}

for (name in names(references)) {
  test_that(paste("values of", name), {
    skip_without_python()
    in_both_precisions(function(tolerance) {
      found <- repeated(references[[name]]$lazy(Vi(x), Vj(y)), 4, 5)
      expect_values(found, for_pairs(x, y, references[[name]]$plain), tolerance)
    })
  })
}

for (name in names(further_references)) {
  test_that(paste("values of", name), {
    skip_without_python()
    in_both_precisions(function(tolerance) {
      arguments <- lapply(further_references[[name]][[1]], eval, list(x = Vi(x), y = Vj(y)))
      found <- repeated(do.call(operation, c(list(name), arguments)), 4, 5)
      expect_values(found, for_pairs(x, y, further_references[[name]][[2]]), tolerance)
    })
  })
}

test_that("operators of R", {
  skip_without_python()
  operators <- list(`+`, `-`, `*`, `/`, `^`, `<`, `<=`, `>`, `>=`, `==`, `!=`, `%%`, `%/%`)
  in_both_precisions(function(tolerance) {
    for (f in operators) {
      expect_values(as.array(f(Vi(x), Vj(y))), for_pairs(x, y, function(a, b) as.numeric(f(a, b))), tolerance)
      expect_values(as.array(f(Vi(x), 0.5)), as.numeric(f(x, 0.5)), tolerance)
      expect_values(as.array(f(0.5, Vi(x))), as.numeric(f(0.5, x)), tolerance)
      expect_values(as.array(f(Vi(x), weights)), t(apply(x, 1, function(a) as.numeric(f(a, weights)))), tolerance)
    }
    expect_values(as.array(Vi(x) | Vj(y)), x %*% t(y), tolerance)
    expect_values(as.array((Vi(x) < 0.5) & (Vi(x) > 0.3)), as.numeric(x < 0.5 & x > 0.3), tolerance)
    expect_values(as.array((Vi(x) > 0.5) | (Vi(x) < 0.3)), as.numeric(x > 0.5 | x < 0.3), tolerance)
    expect_values(as.array(!(Vi(x) < 0.5)), as.numeric(x >= 0.5), tolerance)
    expect_values(as.array(-Vi(x)), -x, tolerance)
    expect_values(as.array(+Vi(x)), x, tolerance)
    expect_values(as.array(sinpi(Vi(x))), sinpi(x), tolerance)
    expect_values(as.array(log(Vi(x), 3)), log(x, 3), tolerance)
  })
})

test_that("components are inserted and selected, from 1 or from 0", {
  skip_without_python()
  expect_equal(as.array(elemT(Vi(x[, 1]), 2, 3))[1, 1, ], c(0, x[1, 1], 0))
  expect_equal(as.array(extractT(Vi(x), 2, 5))[1, 1, ], c(0, x[1, ], 0))
  expect_refusal(elem(Vi(x), 0), "ArgumentValueError", "m counts from 1; found 0. Programs that count from 0")
  with_options(list(index_base = 0), {
    expect_values(as.array(elem(Vi(x), 0)), x[, 1], 1e-12)
    expect_values(as.array(one_hot(argmax(Vi(x)), 3)), as.array(references$one_hot$lazy(Vi(x), Vj(y))), 1e-12)
    expect_equal(argmin(sqdist(Vi(x), Vj(x)), "j"), matrix(c(0, 1, 2, 3)))
  })
})

test_that("tensors are indexed as arrays are", {
  skip_without_python()
  K <- Vi(x) * Vj(y)
  dense <- as.array(K)
  expect_equal(as.array(K[2:3, c(1, 5), ]), dense[2:3, c(1, 5), ])
  expect_equal(as.array(K[-1, c(TRUE, FALSE, TRUE, FALSE, TRUE)]), dense[-1, c(1, 3, 5), ])
  expect_equal(as.array(K[, , 2:3]), dense[, , 2:3])
  expect_equal(as.array(t(K)), aperm(dense, c(2, 1, 3)))
  expect_refusal(K[9, ], "ArgumentIndexError", "beyond the axis, which has length 4")
  expect_refusal(K[1], "ArgumentIndexError", "K[i, j, k]")
})

test_that("complex numbers", {
  skip_without_python()
  z <- matrix(complex(real = x, imaginary = x^2), 4)
  w <- matrix(complex(real = y, imaginary = -y), 5)
  in_both_precisions(function(tolerance) {
    product <- Vi(z) * Vj(w)
    expect_true(is_complex(product))
    expect_values(as.array(product), for_pairs(z, w, `*`), tolerance)
    expect_values(sum(product, "j"), t(apply(z, 1, function(a) colSums(t(a * t(w))))), tolerance)
    for (f in list(Re, Im, Mod, Arg, Conj)) expect_values(as.array(f(Vi(z))), f(z), tolerance)
    expect_values(as.array(Vi(x) + 1i), x + 1i, tolerance)
    expect_values(as.array(exp(Vi(z))), exp(z), tolerance)
    expect_values(as.array(Im(Vi(x))), 0 * x, tolerance)
  })
})
