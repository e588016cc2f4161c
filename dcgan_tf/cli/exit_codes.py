"""What a command's exit code says."""

EXIT_ERROR = 1
EXIT_USAGE = 2
# Stopped by a signal, or another worker is gone: EX_TEMPFAIL of sysexits.h,
# "run it again".
EXIT_INTERRUPTED = 75

EXIT_CODES = (
    "Exit codes: 0 done; 1 an error, in one line; 2 a bad flag or argument; "
    "75 stopped by a signal or by a lost worker: run it again."
)
