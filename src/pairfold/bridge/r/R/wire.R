# Requests and answers: text and bytes, in the notation of the Python module pairfold.bridge.

.head <- function(command, ...) paste0(command, "\t", .registry_version, ...)

# A text as a field.
.quoted <- function(text) {
  if (!grepl("[\\\\\t\n]", text)) return(text)
  text <- gsub("\\", "\\\\", text, fixed = TRUE)
  gsub("\n", "\\n", gsub("\t", "\\t", text, fixed = TRUE), fixed = TRUE)
}

.unquoted <- function(fields) {
  if (!any(grepl("\\", fields, fixed = TRUE))) return(fields)
  fields <- gsub("\\\\", "\001", fields, fixed = TRUE)
  fields <- gsub("\\n", "\n", gsub("\\t", "\t", fields, fixed = TRUE), fixed = TRUE)
  gsub("\001", "\\", fields, fixed = TRUE)
}

# The lines of a head, each a vector of fields.
.lines <- function(head) {
  lapply(strsplit(strsplit(head, "\n", fixed = TRUE)[[1L]], "\t", fixed = TRUE), .unquoted)
}

# A number in a request. Those with a point are arguments of the compiled program, whole ones are part of it.
.number <- function(x, whole = is.integer(x)) {
  if (is.complex(x)) return(paste0(.number(Re(x)), if (Im(x) < 0) "-" else "+", .number(abs(Im(x))), "j"))
  if (is.nan(x) || is.na(x)) return("nan")
  if (is.infinite(x)) return(if (x > 0) "inf" else "-inf")
  if (whole) return(sprintf("%.0f", x))
  text <- sprintf("%.17g", x)
  if (grepl("[.e]", text)) text else paste0(text, ".0")
}

# A static argument: a number, a truth value, a text, or a vector of whole numbers.
.value <- function(x) {
  if (is.null(x)) return("none")
  if (is.list(x) || length(x) != 1L) return(paste0("[", paste(vapply(x, .value, ""), collapse = ","), "]"))
  if (is.logical(x)) return(if (x) "true" else "false")
  if (is.character(x)) return(paste0("'", .quoted(x)))
  .number(x, whole = !is.complex(x) && is.finite(x) && x == round(x) && abs(x) < 2^53)
}

# ---------------------------------------------------------------- bytes

.most_numbers <- 2^27 # writeBin() and readBin() refuse 2^31 bytes and more

.bytes <- function(x, size) {
  if (is.complex(x)) x <- as.vector(rbind(Re(as.vector(x)), Im(as.vector(x))))
  count <- length(x)
  if (count <= .most_numbers) return(writeBin(.plain(x), raw(), size = size, endian = "little"))
  starts <- seq(1, count, by = .most_numbers)
  do.call(c, lapply(starts, function(first) .bytes(x[first:min(count, first + .most_numbers - 1)], size)))
}

# A vector of double without attributes; R copies nothing when it drops those of one.
.plain <- function(x) {
  if (!is.double(x)) return(as.vector(x, "double"))
  attributes(x) <- NULL
  x
}

.data <- function(arrays) {
  size <- if (.option("precision") == "float32") 4L else 8L
  if (length(arrays) == 1L) return(.bytes(arrays[[1L]], size))
  is_complex <- any(vapply(arrays, is.complex, TRUE))
  count <- sum(vapply(arrays, length, 0L))
  if (!is_complex && count <= .most_numbers) return(.bytes(unlist(arrays, use.names = FALSE), size))
  do.call(c, c(list(raw(0L)), lapply(arrays, .bytes, size)))
}

.type_names <- function() {
  if (.option("precision") == "float32") c("float32", "complex64") else c("float64", "complex128")
}

# The arrays of an answer; with `order` "C" the first size of a shape is the last one here.
.arrays <- function(facts, data, order = "F") {
  if (!is.raw(data)) data <- as.raw(data)
  found <- list()
  start <- 0
  for (fact in facts) {
    if (fact[1L] != "result") next
    shape <- if (length(fact) > 3L) as.numeric(strsplit(fact[4L], ",", fixed = TRUE)[[1L]]) else numeric(0L)
    size <- c(float32 = 4, float64 = 8, complex64 = 4, complex128 = 8)[[fact[3L]]]
    numbers <- prod(shape) * (if (startsWith(fact[3L], "complex")) 2 else 1)
    x <- .numbers_of(data, start, numbers, size)
    if (startsWith(fact[3L], "complex")) {
      x <- complex(real = x[c(TRUE, FALSE)], imaginary = x[c(FALSE, TRUE)])
    }
    start <- start + numbers * size
    found[[length(found) + 1L]] <- .shaped(x, if (order == "C") rev(shape) else shape)
  }
  found
}

.numbers_of <- function(data, start, count, size) {
  if (count * size == length(data) && count <= .most_numbers) {
    return(readBin(data, "double", count, size, endian = "little"))
  }
  if (count == 0) return(numeric(0L))
  parts <- lapply(seq(0, count - 1, by = .most_numbers), function(first) {
    last <- min(count, first + .most_numbers)
    readBin(data[(start + first * size + 1):(start + last * size)], "double", last - first, size, endian = "little")
  })
  if (length(parts) == 1L) parts[[1L]] else do.call(c, parts)
}

.shaped <- function(x, shape) {
  if (length(shape) == 0L) return(x)
  dim(x) <- if (length(shape) == 1L) c(shape, 1) else shape
  x
}

# ---------------------------------------------------------------- calls

# The lines and the bytes that Python answers to a request.
.ask <- function(head, data = raw(0L)) {
  call <- .bridge()
  answer <- if (isTRUE(.option("progress")) && length(data)) call(head, data, .progress_bar()) else call(head, data)
  facts <- .lines(answer[[1L]])
  .raise_errors(facts)
  list(facts = facts, data = answer[[2L]])
}

.raise_errors <- function(facts) {
  first <- facts[[1L]]
  if (first[1L] == "error") {
    stop(.condition(strsplit(first[2L], ",", fixed = TRUE)[[1L]], first[3L]))
  }
  for (fact in facts) {
    if (fact[1L] == "warning") warning(.condition(fact[2L], fact[3L], "warning"))
  }
}

.progress_bar <- function() {
  bar <- NULL
  function(done, total) {
    if (is.null(bar)) bar <<- txtProgressBar(max = total, style = 3L, file = stderr())
    setTxtProgressBar(bar, done)
    if (done >= total) {
      close(bar)
      bar <<- NULL
    }
    invisible(NULL)
  }
}
