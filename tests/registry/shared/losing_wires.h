// Wires that lose answers: once something with a given text was written on a connection, nothing
// that comes on it is heard any more; or nothing that is written after it comes through either.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "core/edge/wires.h"

namespace convoke::shared_registry {

class LosingWires final : public Wires {
 public:
  explicit LosingWires(Wires& real) : real_(real) {}

  std::string lose_after;  // "": nothing is lost; forgotten once it was written
  bool lose_all = false;   // what is written after it, too

  [[nodiscard]] std::unique_ptr<Wire> connect(const Address& to, WireHandler& handler) override {
    return std::make_unique<LosingWire>(*this, to, handler);
  }
  [[nodiscard]] Result<std::unique_ptr<Listener>> listen(const Address& at,
                                                         AcceptHandler& handler) override {
    return real_.listen(at, handler);
  }

 private:
  class LosingWire final : public Wire, private WireHandler {
   public:
    LosingWire(LosingWires& all, const Address& to, WireHandler& handler)
        : all_(all), handler_(handler), real_(all.real_.connect(to, *this)) {}

    void attach(WireHandler&) override {}
    void write(std::string bytes) override {
      if (!all_.lose_after.empty() && bytes.find(all_.lose_after) != std::string::npos) {
        all_.lose_after.clear();
        real_->write(std::move(bytes));
        deaf_ = true;
        return;
      }
      if (!deaf_ || !all_.lose_all) real_->write(std::move(bytes));
    }
    [[nodiscard]] std::size_t buffered() const override { return real_->buffered(); }
    [[nodiscard]] std::size_t never_read() const override { return real_->never_read(); }
    void pause_reading() override { real_->pause_reading(); }
    void resume_reading() override { real_->resume_reading(); }
    void shutdown() override { real_->shutdown(); }
    [[nodiscard]] std::string peer() const override { return real_->peer(); }

   private:
    void on_connected() override { handler_.on_connected(); }
    void on_bytes(std::string_view bytes) override {
      if (!deaf_) handler_.on_bytes(bytes);
    }
    void on_drained() override { handler_.on_drained(); }
    void on_eof() override { handler_.on_eof(); }
    void on_closed(const Error& why) override { handler_.on_closed(why); }

    LosingWires& all_;
    WireHandler& handler_;
    bool deaf_ = false;
    std::unique_ptr<Wire> real_;
  };

  Wires& real_;
};

}  // namespace convoke::shared_registry
