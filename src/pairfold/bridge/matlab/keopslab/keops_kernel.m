function F = keops_kernel(varargin)
% KEOPS_KERNEL  F = keops_kernel(formula, declarations..., options) makes a function from a formula, as KeOps 1 did.
%   Strings with '=' declare the arguments: 'x=Vi(3)' or 'x=Vx(0,3)' is 3 x N, one point per COLUMN, 'y=Vj(3)' or
%   'y=Vy(1,3)' is 3 x M, 'p=Pm(1)' a parameter. The string without '=' is the formula, first or last. It may hold its
%   reduction, 'Sum_Reduction(F, 0)' or 'SumReduction(F, 0)', whose number is the index that is kept: 0 gives D x N,
%   1 gives D x M. Without one it is summed, over j, or over i with the option tagIJ = 1.
%   F(x, y, p) takes the arrays and returns a double array, D x N or D x M; KMin gives K D rows, KMin_ArgKMin for each
%   neighbour its values and then its indices, Min_ArgMin values above indices. Indices count from 0.
%   OPTIONS is a struct: tagIJ, sumoutput (1 sums the columns of the result), sum_scheme (0, 1 and 2 for direct, block
%   and Kahan sums), use_double_acc, tagCpuGpu, device_id; others of KeOps (tag1D2D, numvars) have no effect.
%   The precision is that of the arrays: single with any single array, else double.
%
%   Example
%     F = keops_kernel('Exp(-p * SqDist(x, y)) * b', 'x=Vi(3)', 'y=Vj(3)', 'b=Vj(2)', 'p=Pm(1)');
%     a = F(rand(3, 1000), rand(3, 2000), rand(2, 2000), 0.25);                 % 2 x 1000
%
%   See also keops_grad, radial_kernel_conv, pairfold.genred

options = struct();
if nargin && isstruct(varargin{end})
  options = varargin{end};
  varargin(end) = [];
end
if ~iscellstr(varargin) || isempty(varargin)
  error('pairfold:ArgumentTypeError', '%s', ['keops_kernel takes texts, a formula and declarations such as ' ...
                                             '''x=Vi(3)'', and at its end a struct of options.']);
end
is_formula = cellfun(@(one) isempty(strfind(one, '=')), varargin);
if sum(is_formula) ~= 1
  error('pairfold:FormulaError', ['One string is the formula, without =, the others are declarations such as ' ...
                                  '''x=Vi(3)''; found %d formulas.'], sum(is_formula));
end
F = keopslab_function(varargin{is_formula}, varargin(~is_formula), options, {});

end
