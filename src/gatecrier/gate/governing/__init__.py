"""How admins and operators change what a group demands: proven, written, audited."""
