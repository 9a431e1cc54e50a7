// Replies from bytes, over hiredis' reader: fed as the bytes come, cut anywhere.
//
// What a server may send is limited; what goes beyond, or is no RESP, breaks the reader for good.
// hiredis limits depth by itself, to 7 arrays in each other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "queue/redis/reply.h"

struct redisReader;

namespace convoke::redis {

// Of one reply.
struct ReplyLimits {
  std::size_t bytes_max = 64UL << 20;  // at most 2 GiB
  std::size_t nodes_max = 1UL << 18;   // itself, and all elements below it
};

class ReplyReader {
 public:
  enum class Step : std::uint8_t { kReply, kNeedMore, kBroken };

  explicit ReplyReader(const ReplyLimits& limits);
  ~ReplyReader();
  ReplyReader(const ReplyReader&) = delete;  // hiredis holds our address
  ReplyReader& operator=(const ReplyReader&) = delete;

  void feed(std::string_view bytes);
  // kReply: reply() is the next one, until the next call of this.
  [[nodiscard]] Step advance();
  [[nodiscard]] Reply reply() const { return {tree_, 0}; }
  [[nodiscard]] const std::string& error() const { return error_; }  // after kBroken

 private:
  struct Builder;  // what hiredis calls
  struct FreeReader {
    void operator()(redisReader* reader) const;
  };

  void start_reply();
  [[nodiscard]] Step broken(std::string why);
  [[nodiscard]] Step broken_by_size();

  const ReplyLimits limits_;
  std::unique_ptr<redisReader, FreeReader> reader_;
  ReplyTree tree_;
  bool whole_ = false;  // what lies in tree_ has been handed out
  std::string error_;
};

}  // namespace convoke::redis
