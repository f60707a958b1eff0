% The examples run, and what they assert holds.

folder__ = fullfile(fileparts(fileparts(mfilename('fullpath'))), 'examples');
for example__ = {'gaussian_sum', 'sphere_interpolation', 'shooting'}
  run(fullfile(folder__, [example__{1} '.m']));
end
