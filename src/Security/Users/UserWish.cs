namespace Avocet.Security.Users;

/// <summary>What a client wants.</summary>
internal enum UserWish
{
    Send,
    Receive,
    Subscribe,
    Unsubscribe,
}
