function failed = run_scripts(folder, names, kind)
% RUN_SCRIPTS  Runs scripts, tells which failed and where, and returns how many.

failed = 0;
for k = 1:numel(names)
  begin = tic();
  try
    run_one(fullfile(folder, names{k}));
    fprintf('ok      %-8s %-24s %5.1f s\n', kind, names{k}, toc(begin));
  catch reason
    failed = failed + 1;
    fprintf('FAILED  %-8s %s: %s: %s\n', kind, names{k}, reason.identifier, reason.message);
    for place = reason.stack(:).'
      fprintf('        %s, line %d\n', place.name, place.line);
    end
  end
end

end


function run_one(file)
% Not run(), which goes to the folder, where run.m is another one.
source(file);
end
