-- What it was called with.
return {KEYS[1], ARGV[1]}
