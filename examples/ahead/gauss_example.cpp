// The same kernel from C++, behind a function that takes spans and throws.
//
//     pairfold compile gauss 'Exp(-g*SqDist(x,y))*b' 'x = Vi(3)' 'y = Vj(3)' 'b = Vj(1)' 'g = Pm(1)' --dtype float64
//     cc -c gauss.c
//     c++ -std=c++20 -O2 -I. gauss_example.cpp gauss.o gauss_kernel.o -o gauss_example
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "gauss.h"

// Sums of weighted Gaussians: x and y hold three numbers per point. The rows are shared among threads.
std::vector<double> gauss_sums(std::span<const double> x, std::span<const double> y, std::span<const double> b, double g,
                               int threads)
{
    if (x.size() % 3 != 0 || y.size() != 3 * b.size())
        throw std::invalid_argument("x and y hold three numbers per point, b one");
    const auto n = static_cast<std::int64_t>(x.size() / 3), m = static_cast<std::int64_t>(b.size());
    std::vector<double> out(x.size() / 3);
    std::vector<int> status(threads);
    std::vector<std::thread> workers;
    for (int t = 0; t < threads; t++)
        workers.emplace_back([&, t] {
            status[t] = gauss_rows(n * t / threads, n * (t + 1) / threads, n, m, x.data(), y.data(), b.data(), &g, out.data());
        });
    for (auto &worker : workers)
        worker.join();
    for (int code : status)
        if (code != GAUSS_OK)
            throw std::runtime_error("gauss returned status " + std::to_string(code));
    return out;
}

int main()
{
    std::vector<double> x(3 * 400), y(3 * 300), b(300, 1.0);
    for (std::size_t k = 0; k < x.size(); k++)
        x[k] = std::sin(0.7 * static_cast<double>(k));
    for (std::size_t k = 0; k < y.size(); k++)
        y[k] = std::cos(0.3 * static_cast<double>(k));
    const std::vector<double> a = gauss_sums(x, y, b, 0.5, 2);
    double worst = 0;
    for (std::size_t i = 0; i < a.size(); i++) {
        double sum = 0;
        for (std::size_t j = 0; j < b.size(); j++) {
            double d = 0;
            for (int k = 0; k < 3; k++)
                d += std::pow(x[3 * i + k] - y[3 * j + k], 2);
            sum += std::exp(-0.5 * d) * b[j];
        }
        worst = std::fmax(worst, std::fabs(sum - a[i]));
    }
    std::printf("sum at the first point: %.12f, largest difference from the double loop: %.1e\n", a[0], worst);
    return worst < 1e-10 ? EXIT_SUCCESS : EXIT_FAILURE;
}
