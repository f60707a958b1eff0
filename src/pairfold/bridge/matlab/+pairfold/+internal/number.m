function text = number(x)
% NUMBER  An operand that is a number, as an argument of a step: with a point, so that it is no part of the formula.

if islogical(x) && isscalar(x)
  x = double(x);
end
if ~isnumeric(x) || ~isscalar(x)
  if isnumeric(x) || islogical(x)
    error('pairfold:ArgumentTypeError', ['Beside a LazyTensor stands a number or another LazyTensor; found an array ' ...
                                         'of the size %s. Wrap it: pairfold.Vi(X) when its rows belong to i, ' ...
                                         'pairfold.Vj(X) to j, pairfold.Pm(X) for a vector of parameters.'], ...
          strrep(strtrim(sprintf('%d ', size(x))), ' ', ' x '));
  end
  error('pairfold:ArgumentTypeError', 'Beside a LazyTensor stands a number or another LazyTensor; found %s.', class(x));
end
x = double(x);
if ~isreal(x)
  text = sprintf('%.17g%+.17gj', real(x), imag(x));
  return
end
text = lower(sprintf('%.17g', x));
if all(text == '-' | (text >= '0' & text <= '9'))
  text = [text '.0'];
end

end
