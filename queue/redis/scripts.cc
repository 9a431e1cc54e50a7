#include "queue/redis/scripts.h"

#include <string>
#include <string_view>

namespace convoke {

// NOLINTBEGIN(readability-identifier-naming): named for their files
extern const std::string_view prelude_lua;
extern const std::string_view accept_lua;
extern const std::string_view join_lua;
extern const std::string_view claim_lua;
extern const std::string_view finish_lua;
extern const std::string_view retire_lua;
extern const std::string_view seek_lua;
extern const std::string_view stand_lua;
extern const std::string_view heartbeat_lua;
extern const std::string_view condemn_lua;
// NOLINTEND(readability-identifier-naming)

namespace redis {
namespace {

// With what all scripts of a function begin with.
struct Texts {
  std::string accept = whole(accept_lua);
  std::string join = whole(join_lua);
  std::string claim = whole(claim_lua);
  std::string finish = whole(finish_lua);
  std::string retire = whole(retire_lua);
  std::string seek = whole(seek_lua);
  std::string stand = whole(stand_lua);

  static std::string whole(std::string_view text) { return std::string(prelude_lua).append(text); }
};

}  // namespace

const Scripts& scripts() {
  static const Texts texts;
  static const Scripts all{Script(texts.accept), Script(texts.join),    Script(texts.claim),
                           Script(texts.finish), Script(texts.retire),  Script(texts.seek),
                           Script(texts.stand),  Script(heartbeat_lua), Script(condemn_lua)};
  return all;
}

}  // namespace redis
}  // namespace convoke
