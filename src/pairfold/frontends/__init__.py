"""What users write: formula strings, routines on arrays, symbolic tensors."""
