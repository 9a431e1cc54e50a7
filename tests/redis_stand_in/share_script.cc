// share.lua
#include <algorithm>
#include <cstdint>
#include <string>

#include "tests/redis_stand_in/lua.h"
#include "tests/redis_stand_in/scripts.h"

namespace convoke::stand_in {
namespace {

struct Part {
  std::int64_t has = 0;
  std::int64_t wants = 0;
  std::int64_t till = -1;  // -1: it is none
};

Part part_of(const std::string& text) {
  const std::size_t first = text.find(':');
  const std::size_t second = text.find(':', first + 1);
  if (first == std::string::npos || second == std::string::npos) return {};
  return {to_number(text.substr(0, first)), to_number(text.substr(first + 1, second - first - 1)),
          to_number(text.substr(second + 1))};
}

struct Parts {
  std::int64_t others = 0;
  std::int64_t wanting = 0;
  std::int64_t hungry = 0;
  std::int64_t starving = 0;
  Part mine;
};

void count(const Part& part, Parts& sum) {
  sum.others += part.has;
  if (part.has > 0 || part.wants > 0) ++sum.wanting;
  if (part.wants <= part.has) return;
  sum.hungry += part.wants - part.has;
  if (part.has == 0) ++sum.starving;
}

Parts parts_at(const Lua& lua, std::int64_t now) {
  Parts sum;
  const Value fields = lua.call({"HGETALL", lua.key(1)});
  for (std::size_t i = 0; i < fields.elements.size(); i += 2) {
    const std::string& engine = fields.elements[i].text;
    const Part part = part_of(fields.elements[i + 1].text);
    if (part.till <= now) {
      lua.call({"HDEL", lua.key(1), engine});
    } else if (engine == lua.arg(1)) {
      sum.mine = part;
    } else {
      count(part, sum);
    }
  }
  return sum;
}

}  // namespace

Value share(const Lua& lua) {
  const std::int64_t limit = to_number(lua.arg(2));
  const std::int64_t wanted = to_number(lua.arg(3));
  const std::int64_t taken = to_number(lua.arg(4));
  const std::int64_t lasts = to_number(lua.arg(5));
  const Value time = lua.call({"TIME"});
  const std::int64_t now =
      to_number(time.elements[0].text) * 1000 + to_number(time.elements[1].text) / 1000;
  lua.call({"HDEL", lua.key(1), ""});
  const Parts all = parts_at(lua, now);
  const std::int64_t part = std::max<std::int64_t>(
      {std::min(wanted, limit - all.others), std::min(taken, all.mine.has), 0});
  if (part == 0 && wanted == 0) {
    lua.call({"HDEL", lua.key(1), lua.arg(1)});
  } else {
    lua.call({"HSET", lua.key(1), lua.arg(1),
              std::to_string(part) + ":" + std::to_string(std::max(wanted, part)) + ":" +
                  std::to_string(now + lasts)});
    lua.call({"PEXPIRE", lua.key(1), lasts});
  }
  const bool hungrier = wanted - part > all.mine.wants - all.mine.has;
  if (hungrier || (part < all.mine.has && all.hungry > 0)) {
    lua.call({"PUBLISH", lua.arg(6), lua.arg(7)});
  }
  return array({integer(part), integer(all.others), integer(all.wanting), integer(all.hungry),
                integer(all.starving)});
}

}  // namespace convoke::stand_in
