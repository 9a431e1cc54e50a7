-- Ends attempts, if the incarnation still has its lease.
-- ARGV: the incarnation; then for each: what to do (s settle, p postpone, r back to the ready
-- ones); the stream id; for s the call's name, else its new head; when it is due again, in ms.
-- Returns {1 done, 0 it was not there, for each; the stand}.
local incarnation = ARGV[1]
if not holds_lease(incarnation) then return lease_lost() end
local results, settled, ended = {}, 0, 0
local gone, freed = {}, {}
local together_max = 1000  -- in one command; Lua's stack holds some thousands

-- What was settled goes together: a command for each call would be a tenth of what it costs.
local function remove()
  if #gone > 0 then redis.call('XDEL', stream, unpack(gone)) end
  if #freed > 0 then redis.call('HDEL', names, unpack(freed)) end
  gone, freed = {}, {}
end

local function settle(id, name)
  gone[#gone + 1] = id
  if name ~= '' then freed[#freed + 1] = name end
  settled = settled + 1
  if #gone == together_max then remove() end
end

-- An entry that somebody has deleted by hand leaves nothing to write.
local function write_anew(what, id, head, due)
  local entry = redis.call('XRANGE', stream, id, id)[1]
  if not entry then return end
  local call = head .. entry[2][2]:sub(40)
  redis.call('XDEL', stream, id)
  if what == 'p' then
    redis.call('ZADD', delayed, due, call)
  else
    redis.call('XADD', stream, '*', 'c', call)
  end
end

local function finish(what, id, text, due)
  if redis.call('XACK', stream, 'e', id) == 0 then return 0 end
  if what == 's' then settle(id, text) else write_anew(what, id, text, due) end
  ended = ended + 1
  return 1
end

for i = 2, #ARGV, 4 do
  results[#results + 1] = finish(ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3])
end
remove()
count('settled', settled)
count('claimed', -ended)
return {results, stand()}
