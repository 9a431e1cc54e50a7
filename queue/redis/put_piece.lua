-- Puts one piece of an event that lies apart where the others are or will be. As long as no call
-- owns it (accept.lua), it goes by itself when no piece has come for a while.
-- KEYS: the event's. ARGV: which piece, from 0 on; its bytes; for how long it stays, in ms.
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return redis.status_reply('OK')
