// The registry on this engine's own disk: one Registry, on the registry's thread.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "core/registry/registry.h"
#include "core/registry/source.h"

namespace convoke {

class LocalSource final : public RegistrySource {
 public:
  explicit LocalSource(std::unique_ptr<Registry> registry);

  [[nodiscard]] const std::vector<Change>& loaded() const override { return registry_->loaded(); }
  void open(RegistryOwner& owner, IoThread& thread) override;
  void leave(std::function<void()> left) override { left(); }
  void close() override;
  void execute(Mutation mutation, WallTime now, Done done) override;
  void applied(std::uint64_t version) override;
  void who_has_what(Asked asked) override;
  void read_zip(FunctionPtr function, Zip zip) override;
  void collect_code(std::vector<std::string> in_use) override;

 private:
  struct Unanswered {
    Change change;
    Done done;
  };
  void committed(Result<Change> result, Done done);

  const std::unique_ptr<Registry> registry_;
  RegistryOwner* owner_ = nullptr;
  IoThread* thread_ = nullptr;
  std::deque<Unanswered> unanswered_;  // in the order of their versions
};

}  // namespace convoke
