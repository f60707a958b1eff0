% Runs the scripts test_*.m of this folder, in this process as it is, and again over the stand-in of MATLAB's `py.`.
%   From a shell: octave-cli --no-history -q run.m [test_one.m]; the exit status is the number of scripts that failed.

folder = fileparts(mfilename('fullpath'));
addpath(fileparts(folder), fullfile(folder, 'helpers'));
names = dir(fullfile(folder, 'test_*.m'));
names = {names.name};
wanted = argv();
if ~isempty(wanted) && strncmp(wanted{end}, 'test_', 5)
  names = wanted(end);
end
failed = run_scripts(folder, names, 'octave');
addpath(fullfile(folder, 'fake_matlab'));
pairfold.internal.transport(@pairfold.internal.transport_matlab);
failed = failed + run_scripts(folder, names, 'matlab');
fprintf('%d of %d scripts failed.\n', failed, 2 * numel(names));
exit(min(failed, 125));
