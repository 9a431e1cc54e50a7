// Where an instance's output goes, line by line.
#pragma once

#include <optional>
#include <string_view>

#include "core/model/ids.h"
#include "core/model/instant.h"

namespace convoke {

struct LogLine {
  FunctionId function;
  std::string_view instance_id;
  std::optional<CallId> call;  // the call it belongs to; none: the instance
  WallTime at{};
  std::string_view text;  // without line end, at most kLogLineBytesMax; longer lines were cut
};

class LogSink {
 public:
  virtual ~LogSink() = default;
  virtual void write(const LogLine& line) = 0;  // shard thread; never blocks
};

}  // namespace convoke
