function [head, data] = transport(head, arrays)
% TRANSPORT  Takes a request to Python, and brings its answer.
%   [head, data] = transport(head, arrays) sends the text HEAD and the bytes of the cell array ARRAYS of real arrays,
%   and returns the text and the bytes (uint8, a row) of the answer. This is the only place that asks which program it
%   runs in. transport(f) with a function handle replaces it, for tests, and transport([]) goes back.

persistent chosen
if nargin == 1
  chosen = head;
  return
end
if isempty(chosen)
  if exist('OCTAVE_VERSION', 'builtin')
    chosen = @pairfold.internal.transport_octave;
  else
    chosen = @pairfold.internal.transport_matlab;
  end
end
[head, data] = chosen(head, arrays);

end
