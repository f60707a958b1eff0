/* The same kernel as a function of Octave or MATLAB; points are columns there.
 *
 *     pairfold compile gauss 'Exp(-g*SqDist(x,y))*b' 'x = Vi(3)' 'y = Vj(3)' 'b = Vj(1)' 'g = Pm(1)' --dtype float64
 *     mkoctfile --mex gauss_mex.c gauss.c gauss_kernel.o           (MATLAB: mex gauss_mex.c gauss.c gauss_kernel.o)
 *     octave --eval "a = gauss_mex(rand(3, 300), rand(3, 200), rand(1, 200), 0.5)"
 */
#include "gauss.h"
#include "mex.h"

void mexFunction(int n_results, mxArray *results[], int n_arguments, const mxArray *arguments[])
{
    int k, status;
    (void)n_results;
    if (n_arguments != 4)
        mexErrMsgIdAndTxt("gauss:arguments", "gauss_mex takes x (3 x n), y (3 x m), b (1 x m) and g");
    for (k = 0; k < 4; k++)
        if (!mxIsDouble(arguments[k]) || mxIsComplex(arguments[k]))
            mexErrMsgIdAndTxt("gauss:arguments", "argument %d is not a real double array", k + 1);
    if (mxGetM(arguments[0]) != 3 || mxGetM(arguments[1]) != 3 ||
        mxGetNumberOfElements(arguments[2]) != mxGetN(arguments[1]) || mxGetNumberOfElements(arguments[3]) != 1)
        mexErrMsgIdAndTxt("gauss:arguments", "the shapes are x: 3 x n, y: 3 x m, b: 1 x m, g: 1 x 1");
    results[0] = mxCreateDoubleMatrix(1, mxGetN(arguments[0]), mxREAL);
    status = gauss((int64_t)mxGetN(arguments[0]), (int64_t)mxGetN(arguments[1]), mxGetPr(arguments[0]),
        mxGetPr(arguments[1]), mxGetPr(arguments[2]), mxGetPr(arguments[3]), mxGetPr(results[0]));
    if (status != GAUSS_OK)
        mexErrMsgIdAndTxt("gauss:status", "gauss returned status %d", status);
}
