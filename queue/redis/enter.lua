-- Gives out the next incarnation.
-- KEYS: the last one that was given out. ARGV: where counting begins.
redis.call('PERSIST', KEYS[1])  -- as heartbeat.lua has it
redis.call('SETNX', KEYS[1], ARGV[1])
return redis.call('INCR', KEYS[1])
