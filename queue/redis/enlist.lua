-- Adds a function to a set. KEYS: the set. ARGV: the function.
redis.call('SREM', KEYS[1], '')  -- as heartbeat.lua has it
return redis.call('SADD', KEYS[1], ARGV[1])
