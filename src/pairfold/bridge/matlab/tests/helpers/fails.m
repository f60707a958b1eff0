function fails(identifier, text, f)
% FAILS  Tests that f() ends with an error of this identifier, whose message holds TEXT, and nothing of Python's inside.

try
  f();
catch reason
  assert(strcmp(reason.identifier, identifier), [reason.identifier ': ' reason.message]);
  assert(~isempty(strfind(reason.message, text)), reason.message);
  assert(isempty(strfind(reason.message, 'Traceback')) && isempty(strfind(reason.message, '.py')), reason.message);
  return
end
error('There is no error %s.', identifier);

end
