/* A kernel density in C. Build it with what pairfold writes:
 *
 *     pairfold compile gauss 'Exp(-g*SqDist(x,y))*b' 'x = Vi(3)' 'y = Vj(3)' 'b = Vj(1)' 'g = Pm(1)' --dtype float64
 *     cc -std=c99 -O2 -I. gauss_example.c gauss.c gauss_kernel.o -lm -o gauss_example
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "gauss.h"

enum { N = 500, M = 700 };

static double x[N][3], y[M][3], b[M], a[N];

int main(void)
{
    const double g = 0.5;
    double worst = 0;
    int i, j, k, status;
    for (i = 0; i < N; i++)
        for (k = 0; k < 3; k++)
            x[i][k] = sin(3.0 * i + k);
    for (j = 0; j < M; j++) {
        b[j] = 1.0 / M;
        for (k = 0; k < 3; k++)
            y[j][k] = cos(2.0 * j + 5 * k);
    }

    status = gauss(N, M, &x[0][0], &y[0][0], b, &g, a);
    if (status != GAUSS_OK)
        return status;

    for (i = 0; i < N; i++) {
        double sum = 0;
        for (j = 0; j < M; j++) {
            double d = 0;
            for (k = 0; k < 3; k++)
                d += (x[i][k] - y[j][k]) * (x[i][k] - y[j][k]);
            sum += exp(-g * d) * b[j];
        }
        worst = fmax(worst, fabs(sum - a[i]));
    }
    printf("density at the first point: %.12f, largest difference from the double loop: %.1e\n", a[0], worst);
    return worst < 1e-13 ? EXIT_SUCCESS : EXIT_FAILURE;
}
