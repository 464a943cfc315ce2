// What one publisher sends to one reader: late, out of order, twice, or not at all; now and then the
// connection is cut for a while, and everything in it is lost.

struct Channel {
    private var cutUntil = 0

    mutating func send(in world: World, _ deliver: @escaping () -> Void) {
        if world.strikes(0.2) {
            cutUntil = world.now + world.random.within(500...5_000)
            world.count("feeds cut")
        }
        guard world.now >= cutUntil, !world.random.chance(world.plan.drop) else { return }
        world.plan(in: world.delay(200), deliver)
        if world.random.chance(world.plan.duplicate) { world.plan(in: world.delay(400), deliver) }
    }
}
