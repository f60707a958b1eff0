function [formula, aliases, options, gradients] = keopslab_made_from(F)
% KEOPSLAB_MADE_FROM  What keops_kernel or keops_grad made a function of.

made = struct();
if isa(F, 'function_handle')
  made = functions(F);
end
if ~isfield(made, 'workspace') || isempty(made.workspace) || ~isfield(made.workspace{1}, 'gradients')
  error('pairfold:ArgumentTypeError', '%s', 'The gradient is that of a function that keops_kernel or Kernel made.');
end
made = made.workspace{1};
formula = made.formula;
aliases = made.aliases;
options = made.options;
gradients = made.gradients;

end
