! The same kernel from Fortran, through the form that takes everything by address.
!
!     pairfold compile gauss 'Exp(-g*SqDist(x,y))*b' 'x = Vi(3)' 'y = Vj(3)' 'b = Vj(1)' 'g = Pm(1)' --dtype float64
!     cc -c gauss.c
!     gfortran -O2 gauss_example.f90 gauss.o gauss_kernel.o -o gauss_example
program gauss_example
  implicit none
  integer, parameter :: n = 300, m = 200
  double precision :: x(3, n), y(3, m), b(m), a(n), expected, worst
  integer :: i, j, k, status
  external :: gauss
  do i = 1, n
    x(:, i) = [(sin(0.7d0 * (3 * i + k)), k = 1, 3)]
  end do
  do j = 1, m
    y(:, j) = [(cos(0.3d0 * (3 * j + k)), k = 1, 3)]
    b(j) = 1
  end do

  call gauss(n, m, x, y, b, 0.5d0, a, status)
  if (status /= 0) stop 1

  worst = 0
  do i = 1, n
    expected = 0
    do j = 1, m
      expected = expected + exp(-0.5d0 * sum((x(:, i) - y(:, j))**2)) * b(j)
    end do
    worst = max(worst, abs(expected - a(i)))
  end do
  print '(a, f18.12, a, es8.1)', 'sum at the first point:', a(1), ', largest difference from the loops: ', worst
  if (worst > 1d-10) stop 1
end program gauss_example
