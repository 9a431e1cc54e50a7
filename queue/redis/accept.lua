-- Accepts calls, or says of each why not.
-- ARGV: how many the function may have; then for each call: its due time in ms, or 0 for at once;
-- whether the limit holds for it (1) or not (0), or, of a timer's firing, for which it holds, the
-- trigger's number and the due time in ms with a space between; the call.
-- A call with a name of a caller's has a record from here on (records.lua); KEYS of the history are
-- wanted for that alone.
-- A call whose event lies apart owns it from here on.
-- A trigger fires once for each due time: `names` says for which it has fired last.
-- Returns {1 accepted, 0 no room, -1 its name is in use or the trigger has fired, -2 its event is not
-- wholly there, for each; the stand}.
local depth_max = tonumber(ARGV[1])
local depth = redis.call('XLEN', stream) + redis.call('ZCARD', delayed)
local results, accepted = {}, 0

local function accept(due, limited, call)
  if limited ~= '0' and depth >= depth_max then return 0 end
  local trigger, fires = nil, nil
  if #limited > 1 then
    trigger, fires = limited:match('^(%d+) (%d+)$')
    trigger = '@timer-' .. trigger
    if tonumber(redis.call('HGET', names, trigger) or -1) >= tonumber(fires) then return -1 end
  end
  local apart = lies_apart(call)
  if apart and redis.call('HLEN', event_key(call)) ~= pieces_of(call) then return -2 end
  local name = name_of(call)
  if name ~= '' then
    if not take_name(name, call:sub(1, 16)) then return -1 end
    if name:sub(1, 1) ~= '@' then
      local id, texts = call:sub(1, 16), call:byte(38) + call:byte(39)
      redis.call('HSET', KEYS[6], id, '\0' .. call:sub(17, 28) .. ('\0'):rep(17) .. '\1\0\0' ..
                 call:sub(38, 39 + texts))
      redis.call('ZADD', KEYS[10], accepted_at(call), id)
    end
  end
  if trigger then redis.call('HSET', names, trigger, fires) end
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
