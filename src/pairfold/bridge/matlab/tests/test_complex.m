% Complex arrays and results.

rand('twister', 4);
for kind = {'double', 'single'}
  cast = str2func(kind{1});
  tolerance = struct('double', 1e-12, 'single', 1e-4);
  tolerance = tolerance.(kind{1});
  X = cast(complex(rand(5, 2), rand(5, 2)));
  Y = cast(rand(7, 2));
  x = pairfold.Vi(X);
  y = pairfold.Vj(Y);
  S = reshape(X, [5, 1, 2]) + reshape(Y, [1, 7, 2]);
  s = x + y;
  near = @(found, dense) isequal(size(found), size(dense)) && isa(found, kind{1}) && ...
                         all(abs(found(:) - dense(:)) <= tolerance * (1 + abs(dense(:))));
  assert(~isreal(x) && ~isreal(s) && isreal(y) && isreal(real(s)));
  assert(near(full(s), S) && near(full(real(s)), real(S)) && near(full(imag(s)), imag(S)));
  assert(near(full(conj(s)), conj(S)) && near(full(abs(s)), abs(S)) && near(full(angle(s)), angle(S)));
  assert(near(full(exp(s)), exp(S)) && near(full(s .* s), S .* S) && near(full(s ./ (1 + s)), S ./ (1 + S)));
  assert(near(full((1 + 2i) * s), (1 + 2i) * S) && near(full(exp1j(y)), exp(1i * reshape(Y, [1, 7, 2]))));
  assert(near(full(real2complex(y) + 0 * x), complex(reshape(Y, [1, 7, 2]) + 0 * real(S), 0)));
  assert(near(full(imag2complex(y)), 1i * reshape(Y, [1, 7, 2])));
  assert(near(sum(s, 2), reshape(sum(S, 2), 5, 2)) && near(sum(s, 1), reshape(sum(S, 1), 7, 2)));
  K = elem(s, 1);
  b = cast(complex(rand(7, 1), rand(7, 1)));
  a = cast(rand(5, 1));
  assert(near(K * b, S(:, :, 1) * b) && near(K' * a, S(:, :, 1)' * a) && near(K.' * a, S(:, :, 1).' * a));
end
