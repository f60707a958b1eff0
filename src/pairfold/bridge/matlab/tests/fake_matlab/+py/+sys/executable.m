function r = executable()
% EXECUTABLE  Stands in for sys.executable.

r = py.str(getenv('PAIRFOLD_PYTHON'));

end
