# The same kernel from Julia, by ccall; points are columns there, as the function wants them.
#
#     pairfold compile gauss 'Exp(-g*SqDist(x,y))*b' 'x = Vi(3)' 'y = Vj(3)' 'b = Vj(1)' 'g = Pm(1)' --dtype float64
#     cc -O2 -fPIC -shared gauss.c gauss_kernel.o -o libgauss.so
#     julia gauss_example.jl
function gauss(x::Matrix{Float64}, y::Matrix{Float64}, b::Vector{Float64}, g::Float64)
    size(x, 1) == size(y, 1) == 3 && size(y, 2) == length(b) || throw(DimensionMismatch("x: 3 x n, y: 3 x m, b: m"))
    out = Vector{Float64}(undef, size(x, 2))
    status = ccall((:gauss, "./libgauss.so"), Cint,
                   (Int64, Int64, Ptr{Float64}, Ptr{Float64}, Ptr{Float64}, Ref{Float64}, Ptr{Float64}),
                   size(x, 2), size(y, 2), x, y, b, g, out)
    status == 0 || error("gauss returned status $status")
    return out
end

x, y, b = randn(3, 300), randn(3, 200), rand(200)
a = gauss(x, y, b, 0.5)
dense = [sum(exp(-0.5 * sum(abs2, x[:, i] - y[:, j])) * b[j] for j in axes(y, 2)) for i in axes(x, 2)]
println("largest difference from the loops: ", maximum(abs, a - dense))
@assert isapprox(a, dense)
