#include "core/dispatch/host_places.h"

namespace convoke {
namespace {

TraceId trace_of_root(const CallId& root) { return root.bytes(); }

}  // namespace

HostPlaces::HostPlaces(const LineageWorld& world, const Function& function)
    : world_(function.spec.runtime == Runtime::kInProcess ? LineageWorld{} : world),
      function_(function.id),
      alone_(function.spec.instance_concurrency == 1) {}

HostPlaces::~HostPlaces() {
  for (const PlaceTag place : all_) world_.running->give_back(place);
}

std::optional<CarriedLineage> HostPlaces::before_calls() {
  if (!carries()) return std::nullopt;
  LineageToken token;
  token.lineage = lineage_before_calls(function_);
  if (alone_) {  // the place of all its calls
    token.place = take();
    free(token.place);
  }
  return CarriedLineage{world_.seal->seal(token), {}};
}

PlaceTag HostPlaces::take() {
  if (!carries()) return {};
  if (free_.empty()) {
    const PlaceTag place = world_.running->take(alone_);
    if (place == PlaceTag{}) return place;
    all_.push_back(place);
    return place;
  }
  const PlaceTag place = free_.back();
  free_.pop_back();
  return place;
}

std::optional<CarriedLineage> HostPlaces::begin(PlaceTag place, const CallId& call,
                                                const Lineage& lineage, WallTime deadline) {
  if (!carries()) return std::nullopt;
  world_.running->begin(place, call, lineage);
  const bool foreign = lineage.trace != TraceId{};
  return CarriedLineage{world_.seal->seal({lineage, call, place, deadline}),
                        foreign ? lineage.trace : trace_of_root(lineage.root)};
}

void HostPlaces::end(PlaceTag place) {
  if (carries()) world_.running->end(place);
}

void HostPlaces::free(PlaceTag place) {
  if (place == PlaceTag{}) return;
  world_.running->end(place);
  free_.push_back(place);
}

}  // namespace convoke
