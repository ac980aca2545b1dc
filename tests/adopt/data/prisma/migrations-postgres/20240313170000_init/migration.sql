-- CreateTable
CREATE TABLE "users" (
    "id" INTEGER NOT NULL,
    "name" TEXT,
    CONSTRAINT "users_pkey" PRIMARY KEY ("id")
);
-- größe
