function answer = call(head, data)
% CALL  Stands in for the function of Python: checks what it is given, and asks the process of Octave.

assert(ischar(head) && size(head, 1) == 1, 'MATLAB makes str of a row of characters');
if nargin < 2
  data = py.bytes(zeros(1, 0, 'uint8'));
end
assert(isa(data, 'py.bytes'), 'bytes come from py.bytes');
[head, data] = pairfold.internal.transport_octave(head, {data.content()});
answer = py.tuple({py.str(head), py.bytearray(data)});

end
