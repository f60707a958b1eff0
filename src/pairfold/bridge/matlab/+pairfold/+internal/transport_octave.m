function [head, data] = transport_octave(head, arrays)
% TRANSPORT_OCTAVE  Asks a Python process at the other end of two pipes, which it starts when there is none.
%   The process ends with Octave, whose end closes the pipes. Ctrl-C ends the computation there as well.

persistent server
mlock();  % `clear all` must not lose the pipes
if isempty(server) || waitpid(server.pid, WNOHANG) ~= 0
  close_pipes(server);
  server = started();
end
stage = 'writes';
unwind_protect
  if ~send(server, head, arrays)
    explain_end(server);
  end
  is_answer = false;
  while ~is_answer
    stage = 'waits';
    sizes = received(server, 16);
    stage = 'reads';
    sizes = double(typecast(sizes, 'int64'));
    head = char(received(server, sizes(1)));
    data = received(server, sizes(2));
    is_answer = ~strncmp(head, 'progress', 8);
    if ~is_answer
      pairfold.internal.show_progress(head);
    end
  end
  server.has_answered = true;
  stage = 'done';
unwind_protect_cleanup
  if ~strcmp(stage, 'done')
    server = recovered(server, stage);
  end
end_unwind_protect

end


function server = started()
server.python = getenv('PAIRFOLD_PYTHON');
if isempty(server.python)
  server.python = 'python3';
end
[server.in, server.out, server.pid] = popen2(server.python, {'-m', 'pairfold.bridge', 'serve'});
fcntl(server.out, F_SETFL, O_NONBLOCK);
server.has_answered = false;
end


function is_sent = send(server, head, arrays)
if any(head > 127)
  head = unicode2native(head, 'UTF-8');  % slow
end
sizes = cellfun(@sizeof, arrays);
fwrite(server.in, [numel(head), sum(sizes)], 'int64');
count = fwrite(server.in, head);
for k = 1:numel(arrays)
  count = count + fwrite(server.in, arrays{k}, class(arrays{k}));
end
is_sent = fflush(server.in) == 0 && count == numel(head) + sum(cellfun(@numel, arrays));
end


function bytes = received(server, count)
% A blocking read cannot be interrupted: look again and again, with a pause when it takes longer.
bytes = zeros(1, count, 'uint8');
filled = 0;
since = tic();
while filled < count
  [part, found] = fread(server.out, [1, count - filled], 'uint8=>uint8');
  if found > 0
    bytes(filled + 1:filled + found) = part;
    filled = filled + found;
    since = tic();
  else
    fclear(server.out);
    if toc(since) > 0.005
      if waitpid(server.pid, WNOHANG) ~= 0
        explain_end(server);
      end
      pause(0.002);
    end
  end
end
end


function explain_end(server)
if server.has_answered
  error('pairfold:BridgeError', '%s', ['The Python process has ended during the call: it was killed, or there was ' ...
                                       'not enough memory. The next call starts another one.']);
end
[status, text] = system(['"' server.python '" -c "import pairfold" 2>&1']);
if status == 0
  error('pairfold:BridgeError', 'The Python process of "%s" has ended before its first answer.', server.python);
elseif isempty(strfind(text, 'No module named'))
  error('pairfold:MissingPackageError', '%s', ['There is no Python "' server.python '". Say which one has pairfold: ' ...
                                               'setenv(''PAIRFOLD_PYTHON'', ''<path of python>'').']);
else
  error('pairfold:MissingPackageError', '%s', ['The Python "' server.python '" has no pairfold. Install it there with "' ...
                                               server.python ' -m pip install pairfold", or say which Python has ' ...
                                               'it: setenv(''PAIRFOLD_PYTHON'', ''<path of python>'').']);
end
end


function server = recovered(server, stage)
% After an interrupt the process owes one answer, if it has the whole request and has sent nothing of the answer.
if waitpid(server.pid, WNOHANG) == 0
  kill(server.pid, SIG().INT);
  if strcmp(stage, 'waits') && drained(server)
    return
  end
  kill(server.pid, SIG().KILL);
  waitpid(server.pid);
end
close_pipes(server);
server = [];
end


function is_drained = drained(server)
is_drained = false;
head = 'progress';
while strncmp(head, 'progress', 8)
  sizes = hurried(server, 16);
  if isempty(sizes)
    return
  end
  sizes = double(typecast(sizes, 'int64'));
  head = char(hurried(server, sizes(1)));
  if isempty(head) || (sizes(2) > 0 && isempty(hurried(server, sizes(2))))
    return
  end
end
is_drained = any(strncmp(head, {'ok', 'error'}, 2));
end


function bytes = hurried(server, count)
bytes = zeros(1, 0, 'uint8');
since = tic();
while numel(bytes) < count && toc(since) < 1
  [part, found] = fread(server.out, [1, count - numel(bytes)], 'uint8=>uint8');
  if found > 0
    bytes = [bytes, part];  %#ok<AGROW>
  else
    fclear(server.out);
    pause(0.002);
  end
end
if numel(bytes) < count
  bytes = zeros(1, 0, 'uint8');
end
end


function close_pipes(server)
if ~isempty(server)
  fclose(server.in);
  fclose(server.out);
end
end
