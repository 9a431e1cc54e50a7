// A Lua script that the server runs, called by its SHA1.
//
// The texts are files beside this one, carried inside the program (`queue/meson.build`).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "queue/redis/command.h"
#include "queue/redis/pipeline.h"

namespace convoke::redis {

class Script {
 public:
  // `text` is kept as a view: it outlives the script.
  explicit Script(std::string_view text);

  [[nodiscard]] std::string_view text() const { return text_; }
  [[nodiscard]] const std::string& sha1() const { return sha1_; }  // 40 lower-case hex digits
  // `SCRIPT LOAD`: for an owner's on_ready, so that calls find it there.
  [[nodiscard]] Command load() const;
  // A call of it with so many keys: append them with arg(), and then the arguments.
  [[nodiscard]] Command call(std::uint32_t keys) const;

 private:
  std::string_view text_;
  std::string sha1_;
};

// The same call with the text: executed in its turn, whether or not the server knows the script.
[[nodiscard]] Command by_text(const Script& script, const Command& call);

// Sends a command made by script.call(). Where the server does not know the script (its cache was
// flushed), the call is sent once again with the text; then it is executed after what was sent in
// the meantime. The script outlives the connection.
void send_call(Pipeline& connection, const Script& script, Command call, Pipeline::Handler handler);

}  // namespace convoke::redis
