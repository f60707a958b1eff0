# The programs of the folder examples run, and find what they assert.
programs <- list.files(system.file("examples", package = "pairfold"), "[.]R$", full.names = TRUE)

test_that("the examples are installed", {
  expect_gte(length(programs), 5)
})

for (program in programs) {
  test_that(paste("example", basename(program)), {
    skip_without_python()
    folder <- tempfile("example")
    dir.create(folder)
    old <- setwd(folder)
    on.exit({
      setwd(old)
      unlink(folder, recursive = TRUE)
    })
    expect_output(source(program, local = new.env()), ":")
    if (any(grepl("png(", readLines(program), fixed = TRUE))) expect_length(list.files(folder, "[.]png$"), 1)
  })
}
