function text = version()
% VERSION  Written by tools/generate_binding_tables.py from the registries of pairfold; do not edit.

text = '0.1.0';

end
