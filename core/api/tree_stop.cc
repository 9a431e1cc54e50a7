#include "core/api/tree_stop.h"

#include <string>
#include <utility>

#include "core/api/answers.h"
#include "core/api/fields.h"
#include "core/api/invocation_switch.h"
#include "core/guard/admission.h"

namespace convoke {
namespace {

static_assert(kTreeStoppedFor >= kConvokeAsyncDelayMax + kAsyncAgeMaxMax + kTimeoutMax,
              "what is queued when its tree is stopped finds it stopped whenever it is claimed");

void write_tree(const StoppedTree& tree, JsonWriter& writer) {
  writer.member("root", tree.root.text())
      .member("reason", tree.reason)
      .member("by", tree.by)
      .member("stoppedTime", rfc3339(tree.since))
      .member("forgottenTime", rfc3339(over_at(tree)));
}

}  // namespace

Result<Mutation> read_stop_tree(const Route& route, http::Request request,
                                const std::function<CallId(const CallId&)>& root_of) {
  const std::optional<CallId> id = CallId::parse(route.invocation);
  if (!id) return Error{ErrorCode::kInvalidArgument, "a call's id is a UUID of 36 characters"};
  Result<Json> body = parse_stop(std::move(request.body));
  if (!body) return body.error();
  std::optional<std::string> reason;
  std::optional<std::string> by;
  FieldReader reader(*body);
  reader.text("reason", reason);
  reader.text("by", by);
  if (Result<void> read = reader.outcome(); !read) return read.error();
  return Mutation(StopTree{root_of(*id), reason.value_or(""), who_stops(request.head, by)});
}

http::Response stopped_answer(const StoppedTree& tree, std::uint32_t calls_ended) {
  JsonWriter writer;
  writer.object();
  write_tree(tree, writer);
  writer.member("callsEnded", std::int64_t{calls_ended});
  return json_answer(writer.end().take());
}

http::Response stopped_trees_answer(const std::vector<StoppedTreePtr>& trees,
                                    const std::optional<std::vector<EngineApplied>>& engines) {
  JsonWriter writer;
  writer.object().key("trees").array();
  for (const StoppedTreePtr& tree : trees) {
    writer.object();
    write_tree(*tree, writer);
    write_missing(engines, tree->version, writer);
    writer.end();
  }
  return json_answer(writer.end().end().take());
}

}  // namespace convoke
