# The grid worker
