// What a user may set of a function's asynchronous calls, by the names that convoke.toml and
// `convoke set` share. The API keeps it beside the function, as its async-invoke config.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tools/api_client.h"
#include "tools/function_name.h"
#include "tools/json.h"
#include "tools/outcome.h"

namespace convoke::cli {

enum class AsyncKind { kNumber, kFlag, kDestination };

struct AsyncKey {
  std::string_view key;     // as users write it
  std::string_view member;  // in the API's JSON; of a destination: in its destinationConfig
  AsyncKind kind;
  std::string none;  // the value that `none` stands for: the engine's default
  std::string help;
};

[[nodiscard]] const std::vector<AsyncKey>& async_keys();
[[nodiscard]] bool is_async_key(std::string_view key);

class AsyncSettings {
 public:
  // `key` is one of async_keys(). Failure: not a value of its kind.
  [[nodiscard]] Outcome<Done> set(std::string_view key, const std::string& value);

  [[nodiscard]] bool empty() const { return values_.empty(); }
  [[nodiscard]] std::string body() const;  // of the PUT: what is set alone

 private:
  std::map<std::string, std::string, std::less<>> values_;  // by key
};

// Merges them into the function's async-invoke config.
[[nodiscard]] Outcome<Done> apply_async(ApiClient& api, const FunctionName& name,
                                        const AsyncSettings& settings);

// The config as the engine holds it, under the names above: what is set alone, in their order.
struct AsyncLine {
  std::string_view key;
  std::string value;
};
[[nodiscard]] std::vector<AsyncLine> async_lines(simdjson::dom::element config);

}  // namespace convoke::cli
