-- Accepts calls, or says of each why not.
-- ARGV: how many the function may have; then for each call: its due time in ms, or 0 for at once;
-- whether the limit holds for it (1) or not (0); the call.
-- A call with a name of a caller's has a record from here on (records.lua); KEYS of the history are
-- wanted for that alone.
-- A call whose event lies apart owns it from here on.
-- Returns {1 accepted, 0 no room, -1 its name is in use, -2 its event is not wholly there, for each;
-- the stand}.
local depth_max = tonumber(ARGV[1])
local depth = redis.call('XLEN', stream) + redis.call('ZCARD', delayed)
local results, accepted = {}, 0

local function accept(due, limited, call)
  if limited == '1' and depth >= depth_max then return 0 end
  local apart = lies_apart(call)
  if apart and redis.call('HLEN', event_key(call)) ~= pieces_of(call) then return -2 end
  local name = name_of(call)
  if name ~= '' then
    if redis.call('HSETNX', names, name, call:sub(1, 16)) == 0 then return -1 end
    if name:sub(1, 1) ~= '@' then
      local id, texts = call:sub(1, 16), call:byte(38) + call:byte(39)
      redis.call('HSET', KEYS[6], id, '\0' .. call:sub(17, 28) .. ('\0'):rep(17) .. '\1\0\0' ..
                 call:sub(38, 39 + texts))
      redis.call('ZADD', KEYS[10], accepted_at(call), id)
    end
  end
  if due == '0' then
    redis.call('XADD', stream, '*', 'c', call)
  else
    redis.call('ZADD', delayed, due, call)
  end
  if apart then redis.call('PERSIST', event_key(call)) end
  depth, accepted = depth + 1, accepted + 1
  return 1
end

for i = 2, #ARGV, 3 do results[#results + 1] = accept(ARGV[i], ARGV[i + 1], ARGV[i + 2]) end
count('accepted', accepted)
return {results, stand()}
