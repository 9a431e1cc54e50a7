#include "queue/redis/reply_reader.h"

#include <hiredis/read.h>

#include <utility>

#include "core/model/error.h"

namespace convoke::redis {
namespace {

// What one exceptional reply made us take is not kept for ever.
constexpr std::size_t kBytesKept = 1UL << 20;
constexpr std::size_t kNodesKept = 1UL << 14;

// hiredis names what it builds by a pointer that is not null: the number of a node, and one.
void* handle_of(std::size_t node) {
  return reinterpret_cast<void*>(node + 1);  // NOLINT(performance-no-int-to-ptr): never followed
}
std::size_t node_of(const void* handle) { return reinterpret_cast<std::size_t>(handle) - 1; }

Reply::Kind text_kind(int type) {
  if (type == REDIS_REPLY_STATUS) return Reply::Kind::kStatus;
  if (type == REDIS_REPLY_ERROR) return Reply::Kind::kError;
  return Reply::Kind::kBulk;
}

}  // namespace

// Null, where a limit is passed: hiredis takes it for want of memory, and ends.
struct ReplyReader::Builder {
  static ReplyReader& of(const redisReadTask* task) {
    return *static_cast<ReplyReader*>(task->privdata);
  }

  // The root is there from the start; an array has made room for its elements.
  static void* fill(const redisReadTask* task, const ReplyNode& node) {
    std::vector<ReplyNode>& nodes = of(task).tree_.nodes;
    std::size_t place = 0;
    if (task->parent != nullptr) {
      const ReplyNode& parent = nodes[node_of(task->parent->obj)];
      place = static_cast<std::size_t>(parent.value) + static_cast<std::size_t>(task->idx);
    }
    nodes[place] = node;
    return handle_of(place);
  }

  static void* text(const redisReadTask* task, char* bytes, std::size_t size) {
    ReplyReader& reader = of(task);
    std::string& all = reader.tree_.bytes;
    if (size > reader.limits_.bytes_max - all.size()) return nullptr;
    const auto begin = static_cast<std::int64_t>(all.size());
    all.append(bytes, size);
    return fill(task, {text_kind(task->type), static_cast<std::uint32_t>(size), begin});
  }

  static void* array(const redisReadTask* task, int elements) {
    ReplyReader& reader = of(task);
    std::vector<ReplyNode>& nodes = reader.tree_.nodes;
    const auto size = static_cast<std::uint32_t>(elements);
    if (size > reader.limits_.nodes_max - nodes.size()) return nullptr;
    const auto first = static_cast<std::int64_t>(nodes.size());
    nodes.resize(nodes.size() + size);
    return fill(task, {Reply::Kind::kArray, size, first});
  }

  static void* integer(const redisReadTask* task, long long value) {
    return fill(task, {Reply::Kind::kInteger, 0, value});
  }

  static void* nil(const redisReadTask* task) { return fill(task, {}); }
  static void free(void* /*handle*/) {}

  static redisReplyObjectFunctions functions;
};
redisReplyObjectFunctions ReplyReader::Builder::functions{text, array, integer, nil, free};

void ReplyReader::FreeReader::operator()(redisReader* reader) const { redisReaderFree(reader); }

ReplyReader::ReplyReader(const ReplyLimits& limits)
    : limits_(limits), reader_(redisReaderCreateWithFunctions(&Builder::functions)) {
  ENSURE(reader_ != nullptr);
  reader_->privdata = this;
  start_reply();
}

ReplyReader::~ReplyReader() = default;

void ReplyReader::feed(std::string_view bytes) {
  if (error_.empty()) redisReaderFeed(reader_.get(), bytes.data(), bytes.size());
}

ReplyReader::Step ReplyReader::advance() {
  if (!error_.empty()) return Step::kBroken;
  if (whole_) start_reply();
  void* handle = nullptr;
  if (redisReaderGetReply(reader_.get(), &handle) != REDIS_OK) {
    if (reader_->err == REDIS_ERR_OOM) return broken_by_size();
    return broken(reader_->errstr);
  }
  whole_ = handle != nullptr;
  if (whole_) return Step::kReply;
  const std::size_t unread = reader_->len - reader_->pos;
  if (unread > limits_.bytes_max) return broken_by_size();
  return Step::kNeedMore;
}

void ReplyReader::start_reply() {
  whole_ = false;
  if (tree_.bytes.capacity() > kBytesKept) std::string().swap(tree_.bytes);
  if (tree_.nodes.capacity() > kNodesKept) std::vector<ReplyNode>().swap(tree_.nodes);
  tree_.bytes.clear();
  tree_.nodes.assign(1, {});
}

ReplyReader::Step ReplyReader::broken(std::string why) {
  error_ = std::move(why);
  return Step::kBroken;
}

ReplyReader::Step ReplyReader::broken_by_size() {
  return broken("a reply beyond " + std::to_string(limits_.bytes_max) + " bytes or " +
                std::to_string(limits_.nodes_max) + " elements");
}

}  // namespace convoke::redis
