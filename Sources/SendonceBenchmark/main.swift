print("sendonce")
