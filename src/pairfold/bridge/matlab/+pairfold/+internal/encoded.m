function [type, bytes] = encoded(X)
% ENCODED  Name of the type of an array, and a real array with its bytes.

if isreal(X)
  bytes = X;
  if isa(X, 'single')
    type = 'float32';
  else
    type = 'float64';
  end
else
  bytes = [real(X(:)).'; imag(X(:)).'];
  if isa(X, 'single')
    type = 'complex64';
  else
    type = 'complex128';
  end
end

end
