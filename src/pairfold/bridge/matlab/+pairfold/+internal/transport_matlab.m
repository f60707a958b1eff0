function [head, data] = transport_matlab(head, arrays)
% TRANSPORT_MATLAB  Calls Python in the process of MATLAB.
%   Uses what is documented from R2014b on: text becomes str, py.bytes takes uint8 rows and uint8 takes py.bytes.

for k = 1:numel(arrays)
  arrays{k} = typecast(reshape(arrays{k}, 1, []), 'uint8');
end
bytes = [zeros(1, 0, 'uint8'), arrays{:}];
try
  if isempty(bytes)
    answer = py.pairfold.bridge.call(head);
  else
    answer = py.pairfold.bridge.call(head, py.bytes(bytes));
  end
catch reason
  error('pairfold:MissingPackageError', '%s', missing(reason.message));
end
head = char(answer{1});
data = reshape(uint8(py.bytes(answer{2})), 1, []);

end


function text = missing(reason)
try
  python = char(py.sys.executable);
catch
  python = '';
end
if isempty(python)
  text = ['MATLAB finds no Python (' reason '). Choose one that has pairfold, in a new session, before anything else: ' ...
          'pyenv(''Version'', ''<path of python>'').'];
else
  text = ['The call of pairfold in the Python ' python ' failed (' reason '). Install it there with "' python ...
          ' -m pip install pairfold", or choose another Python, in a new session, before anything else: ' ...
          'pyenv(''Version'', ''<path of python>'').'];
end
end
